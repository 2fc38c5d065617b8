# Draws the chart again: gnuplot chart-noise-shift.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-noise-shift.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'noise-contrastive estimation, noise beside the data'
set xlabel 'shift of the noise'
set ylabel 'nats'
set logscale y
plot 'chart-noise-shift.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'KL', \
     'chart-noise-shift.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'JS(data, noise)'
