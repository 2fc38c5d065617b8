# Draws the chart again: gnuplot chart-gradient-d20-mlp-4.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-gradient-d20-mlp-4.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'error of the gradient estimate: mlp, scale 4, d = 20'
set xlabel 's, flips a point'
set ylabel 'relative mean-squared error'
set logscale x
set logscale y
plot 'chart-gradient-d20-mlp-4.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'uniform', \
     'chart-gradient-d20-mlp-4.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'guided', \
     'chart-gradient-d20-mlp-4.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'optimal', \
     'chart-gradient-d20-mlp-4.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'gradient-optimal', \
     'chart-gradient-d20-mlp-4.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'unweighted', \
     'chart-gradient-d20-mlp-4.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'surrogate'
