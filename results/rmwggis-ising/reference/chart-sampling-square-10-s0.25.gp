# Draws the chart again: gnuplot chart-sampling-square-10-s0.25.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-sampling-square-10-s0.25.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'means of the spins, square-10-s0.25'
set xlabel 'steps'
set ylabel 'ln RMSE, mean over chains'
plot 'chart-sampling-square-10-s0.25.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'gibbs', \
     'chart-sampling-square-10-s0.25.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'gwg', \
     'chart-sampling-square-10-s0.25.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'gwg-3', \
     'chart-sampling-square-10-s0.25.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'gwg-5'
