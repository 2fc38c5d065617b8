# Draws the chart again: gnuplot chart-loss-d16-rbm-1.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-loss-d16-rbm-1.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'error of the loss estimate: rbm, scale 1, d = 16'
set xlabel 's, flips a point'
set ylabel 'relative mean-squared error'
set logscale x
set logscale y
plot 'chart-loss-d16-rbm-1.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'uniform', \
     'chart-loss-d16-rbm-1.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'guided', \
     'chart-loss-d16-rbm-1.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'optimal', \
     'chart-loss-d16-rbm-1.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'unweighted', \
     'chart-loss-d16-rbm-1.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'surrogate'
