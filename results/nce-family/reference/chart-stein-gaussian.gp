# Draws the chart again: gnuplot chart-stein-gaussian.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-stein-gaussian.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'kernel Stein test at 0.05, gaussian'
set xlabel 'shift, deviations of a component'
set ylabel 'share rejected'
plot 'chart-stein-gaussian.tsv' index 0 using 1:3:4 with filledcurves linecolor 1 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-stein-gaussian.tsv' index 1 using 1:3:4 with filledcurves linecolor 2 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-stein-gaussian.tsv' index 2 using 1:3:4 with filledcurves linecolor 3 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-stein-gaussian.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'n = 50', \
     'chart-stein-gaussian.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'n = 100', \
     'chart-stein-gaussian.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'n = 200'
