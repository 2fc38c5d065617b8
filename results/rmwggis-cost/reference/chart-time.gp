# Draws the chart again: gnuplot chart-time.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-time.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'time of a training step'
set xlabel 'd'
set ylabel 'ms an iteration'
set logscale x
set logscale y
plot 'chart-time.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'rm-copies', \
     'chart-time.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'rm', \
     'chart-time.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'rm-chunked', \
     'chart-time.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'rmwrand', \
     'chart-time.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'rmwggis'
