# Draws the chart again: gnuplot chart-sampling-noise.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-sampling-noise.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'its gradient''s variance over its squared length'
set xlabel 'K'
set ylabel 'tr Cov g/‖g*‖²'
set logscale x
set logscale y
plot 'chart-sampling-noise.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'exact, noise-contrastive', \
     'chart-sampling-noise.tsv' index 1 using 1:2 with lines linewidth 2 linecolor 2 title 'exact, kullback-leibler', \
     'chart-sampling-noise.tsv' index 2 using 1:2 with lines linewidth 2 linecolor 3 title 'exact, least-squares', \
     'chart-sampling-noise.tsv' index 3 using 1:2 with lines linewidth 2 linecolor 4 title 'mala, noise-contrastive', \
     'chart-sampling-noise.tsv' index 4 using 1:2 with lines linewidth 2 linecolor 5 title 'short-run, noise-contrastive'
