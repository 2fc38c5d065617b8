# Draws the chart again: gnuplot chart-sampling-bias.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-sampling-bias.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'its gradient''s squared bias over its squared length'
set xlabel 'K'
set ylabel '‖E g − g*‖²/‖g*‖²'
set logscale x
set logscale y
plot 'chart-sampling-bias.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'exact, noise-contrastive', \
     'chart-sampling-bias.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'exact, kullback-leibler', \
     'chart-sampling-bias.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'exact, least-squares', \
     'chart-sampling-bias.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'mala, noise-contrastive', \
     'chart-sampling-bias.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'short-run, noise-contrastive'
