# Draws the chart again: gnuplot chart-bandwidth-kl.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-bandwidth-kl.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'conditional form: what is learnt'
set xlabel 'σ, deviations of the data'
set ylabel 'KL, nats'
set logscale x
set logscale y
plot 'chart-bandwidth-kl.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'KL'
