# Draws the chart again: gnuplot chart-gradient-norm.gp
set terminal pngcairo noenhanced size 960,640 font ',11'
set encoding utf8
set output 'chart-gradient-norm.png'
set datafile separator tab
set colorsequence podo
set grid linewidth 0.5
set title 'mnist-adance-none-0.25-1-seed1'
set xlabel 'update'
set ylabel 'mean gradient norm along the chain'
plot 'chart-gradient-norm.tsv' index 0 using 1:2 with lines linewidth 2 linecolor 1 title 'ν'
