# Draws the chart again: gnuplot chart-curvature-d20.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-curvature-d20.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'gradient variance at the median point, guided over uniform, d = 20'
set xlabel 'scale of the weights'
set ylabel 'ratio'
set logscale x
set logscale y
plot 'chart-curvature-d20.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'boltzmann', \
     'chart-curvature-d20.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'hidden', \
     'chart-curvature-d20.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'rbm', \
     'chart-curvature-d20.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'mlp'
