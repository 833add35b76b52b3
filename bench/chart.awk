# The data of the chart: a line for each workload of messages and a column for
# each way, of medians relative to those of the bare event.
BEGIN {
	FS = "\t"
	# readln and copyout, which are the same by hand for other framings,
	# stand in one column.
	n = split("evchat evchat-bev readln event event-whole epoll libuv " \
	    "asio", ways, " ")
}
$1 == "title" {
	if (!($2 in seen))
		works[++work_count] = $2
	seen[$2] = 1
	next
}
NF == 5 && $1 != "note" && $1 != "skipped" {
	way = $2 == "copyout" ? "readln" : $2
	list[$1, way, ++count[$1, way]] = $4
	there[way] = 1
}
function median(work, way,    m, i, j, v)
{
	m = count[work, way]
	for (i = 2; i <= m; i++) {
		v = list[work, way, i]
		for (j = i - 1; j >= 1 && list[work, way, j] > v; j--)
			list[work, way, j + 1] = list[work, way, j]
		list[work, way, j + 1] = v
	}
	return (list[work, way, int((m + 1) / 2)] + \
	    list[work, way, int((m + 2) / 2)]) / 2
}
END {
	printf "workload"
	for (i = 1; i <= n; i++)
		if (ways[i] in there)
			printf "\t%s", ways[i]
	printf "\n"
	for (w = 1; w <= work_count; w++) {
		work = works[w]
		if (!((work, "event") in count) || \
		    !((work, "evchat") in count) || work == "crowd")
			continue
		printf "%s", work
		for (i = 1; i <= n; i++)
			if ((work, ways[i]) in count)
				printf "\t%.3f", median(work, ways[i]) / \
				    median(work, "event")
			else if (ways[i] in there)
				printf "\t?"
		printf "\n"
	}
}
