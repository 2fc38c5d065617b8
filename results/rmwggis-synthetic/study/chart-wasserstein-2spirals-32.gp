# Draws the chart again: gnuplot chart-wasserstein-2spirals-32.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-wasserstein-2spirals-32.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title '2spirals, d = 32'
set xlabel 'iteration'
set ylabel 'sliced Wasserstein-1'
plot 'chart-wasserstein-2spirals-32.tsv' index 0 using 1:3:4 with filledcurves linecolor 1 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 1 using 1:3:4 with filledcurves linecolor 2 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 2 using 1:3:4 with filledcurves linecolor 3 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 3 using 1:3:4 with filledcurves linecolor 4 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 4 using 1:3:4 with filledcurves linecolor 5 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 5 using 1:3:4 with filledcurves linecolor 6 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 6 using 1:3:4 with filledcurves linecolor 7 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-wasserstein-2spirals-32.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'paper rm', \
     'chart-wasserstein-2spirals-32.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'paper rmwrand', \
     'chart-wasserstein-2spirals-32.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'paper rmwggis-basic', \
     'chart-wasserstein-2spirals-32.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'paper rmwggis-advanced', \
     'chart-wasserstein-2spirals-32.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'paper rmwggis-power-half', \
     'chart-wasserstein-2spirals-32.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'paper rmwggis-bounded', \
     'chart-wasserstein-2spirals-32.tsv' index 6 using 1:2 with lines linewidth 2 linecolor 7 title 'released rmwggis-basic'
