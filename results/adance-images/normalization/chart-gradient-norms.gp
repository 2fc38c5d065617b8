# Draws the chart again: gnuplot chart-gradient-norms.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-gradient-norms.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'mean gradient norm along the chain'
set xlabel 'update'
set ylabel 'ν'
set logscale y
plot 'chart-gradient-norms.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'adance, K = 1, R = 0.25, normalised: all', \
     'chart-gradient-norms.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'adance, K = 1, R = 0.5, normalised: all', \
     'chart-gradient-norms.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'adance, K = 1, R = 1, normalised: all', \
     'chart-gradient-norms.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'adance, K = 1, R = 0.25, normalised: none', \
     'chart-gradient-norms.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'adance, K = 1, R = 0.5, normalised: none', \
     'chart-gradient-norms.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'adance, K = 1, R = 1, normalised: none'
