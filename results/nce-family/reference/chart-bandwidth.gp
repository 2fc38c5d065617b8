# Draws the chart again: gnuplot chart-bandwidth.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-bandwidth.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'conditional form: the gradient before training'
set xlabel 'σ, deviations of the data'
set ylabel 'gradient'
set logscale x
set logscale y
plot 'chart-bandwidth.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title '‖E g‖', \
     'chart-bandwidth.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title '(tr Cov g)^½', \
     'chart-bandwidth.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'their ratio'
