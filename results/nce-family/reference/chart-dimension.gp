# Draws the chart again: gnuplot chart-dimension.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-dimension.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'what is learnt of a product'
set xlabel 'd'
set ylabel 'KL, nats'
set logscale x
set logscale y
plot 'chart-dimension.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'nce', \
     'chart-dimension.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'ranking', \
     'chart-dimension.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'cnce', \
     'chart-dimension.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'ace', \
     'chart-dimension.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'fce', \
     'chart-dimension.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'adance', \
     'chart-dimension.tsv' index 6 using 1:2 with lines linewidth 2 linecolor 7 title 'Gaussian'
