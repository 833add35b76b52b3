# The chart: gnuplot -e "data='...'; columns=...; svg='...'" chart.gp
set terminal svg size 960,480 font 'sans-serif,13' background rgb 'white'
set output svg
set title 'Processor time of the server per message, relative to a bare libevent event'
set datafile missing '?'
set style data histogram
set style histogram clustered gap 1.5
set style fill solid 0.9 noborder
set boxwidth 0.95
set logscale y 2
set yrange [0.5:*]
set grid ytics lc rgb '#cccccc'
set ylabel 'times the cost of the bare event'
set key outside top right
set xtics nomirror
array colour[8] = ['#1b6ac9', '#86b6ee', '#d9822b', '#7a7a7a', '#aaaaaa', '#444444', \
    '#3d9970', '#8e5ea2']
plot for [i = 2:columns] data using i:xtic(1) title columnheader(i) \
    lc rgb colour[i - 1]
