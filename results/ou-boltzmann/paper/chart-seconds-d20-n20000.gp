# Draws the chart again: gnuplot chart-seconds-d20-n20000.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-seconds-d20-n20000.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'a Boltzmann machine of 20 bits from 20000 points'
set xlabel 'seconds of training, one thread'
set ylabel 'KL(truth‖model) at the method''s own β, nats'
set logscale x
set logscale y
plot 'chart-seconds-d20-n20000.tsv' index 0 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 1 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 1 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 2 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 2 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 3 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 3 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 4 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 4 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 5 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 5 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 6 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 6 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 7 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 7 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 8 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 8 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 9 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 9 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 10 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 10 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 11 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 11 using 1:($3 <= 0.0005402459441614838 ? 0.0005402459441614838 : $3):4 with filledcurves linecolor 12 fillstyle transparent solid 0.2 noborder notitle, \
     'chart-seconds-d20-n20000.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'ml', \
     'chart-seconds-d20-n20000.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'pseudo-likelihood', \
     'chart-seconds-d20-n20000.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'cd-1', \
     'chart-seconds-d20-n20000.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'pcd', \
     'chart-seconds-d20-n20000.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'rm', \
     'chart-seconds-d20-n20000.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'rm-power-half', \
     'chart-seconds-d20-n20000.tsv' index 6 using 1:2 with lines linewidth 2 linecolor 7 title 'rm-bounded', \
     'chart-seconds-d20-n20000.tsv' index 7 using 1:2 with lines linewidth 2 linecolor 8 title 'rmwrand', \
     'chart-seconds-d20-n20000.tsv' index 8 using 1:2 with lines linewidth 2 dashtype 2 linecolor 9 title 'rmwggis-basic', \
     'chart-seconds-d20-n20000.tsv' index 9 using 1:2 with lines linewidth 2 dashtype 2 linecolor 10 title 'rmwggis-basic-power-half', \
     'chart-seconds-d20-n20000.tsv' index 10 using 1:2 with lines linewidth 2 dashtype 2 linecolor 11 title 'rmwggis-advanced', \
     'chart-seconds-d20-n20000.tsv' index 11 using 1:2 with lines linewidth 2 dashtype 2 linecolor 12 title 'equation-12'
