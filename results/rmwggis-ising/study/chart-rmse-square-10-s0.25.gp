# Draws the chart again: gnuplot chart-rmse-square-10-s0.25.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-rmse-square-10-s0.25.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'square-10-s0.25, no penalty'
set xlabel 'seconds'
set ylabel 'ln RMSE of aJ'
set logscale x
plot 'chart-rmse-square-10-s0.25.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'rm', \
     'chart-rmse-square-10-s0.25.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'rmwrand', \
     'chart-rmse-square-10-s0.25.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'rmwggis-basic', \
     'chart-rmse-square-10-s0.25.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'rmwggis-advanced', \
     'chart-rmse-square-10-s0.25.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'rm-power-half', \
     'chart-rmse-square-10-s0.25.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'rmwggis-power-half', \
     'chart-rmse-square-10-s0.25.tsv' index 6 using 1:2 with lines linewidth 2 linecolor 7 title 'rm-bounded', \
     'chart-rmse-square-10-s0.25.tsv' index 7 using 1:2 with lines linewidth 2 linecolor 8 title 'pseudo-likelihood', \
     'chart-rmse-square-10-s0.25.tsv' index 8 using 1:2 with lines linewidth 2 dashtype 2 linecolor 9 title 'known-graph', \
     'chart-rmse-square-10-s0.25.tsv' index 9 using 1:2 with lines linewidth 2 dashtype 2 linecolor 10 title 'pcd-gibbs-10', \
     'chart-rmse-square-10-s0.25.tsv' index 10 using 1:2 with lines linewidth 2 dashtype 2 linecolor 11 title 'pcd-gibbs-50', \
     'chart-rmse-square-10-s0.25.tsv' index 11 using 1:2 with lines linewidth 2 dashtype 2 linecolor 12 title 'pcd-gwg-10', \
     'chart-rmse-square-10-s0.25.tsv' index 12 using 1:2 with lines linewidth 2 dashtype 2 linecolor 13 title 'pcd-gwg-50'
