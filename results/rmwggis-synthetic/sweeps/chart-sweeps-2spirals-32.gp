# Draws the chart again: gnuplot chart-sweeps-2spirals-32.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-sweeps-2spirals-32.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title '2spirals, d = 32'
set xlabel 'sweeps, half of them annealed'
set ylabel 'sliced Wasserstein-1'
set logscale x
plot 'chart-sweeps-2spirals-32.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'paper rmwggis-basic, β = 1', \
     'chart-sweeps-2spirals-32.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'paper rmwggis-basic, β = 2', \
     'chart-sweeps-2spirals-32.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'paper rmwggis-basic, β = 4', \
     'chart-sweeps-2spirals-32.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'paper rmwggis-power-half, β = 1', \
     'chart-sweeps-2spirals-32.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'paper rmwggis-power-half, β = 2', \
     'chart-sweeps-2spirals-32.tsv' index 5 using 1:2 with lines linewidth 2 linecolor 6 title 'paper rmwggis-power-half, β = 4'
