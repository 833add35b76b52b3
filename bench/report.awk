# Tables of what the programs of bench have measured, as Markdown that can be
# read as it is. In: the file targets, then lines of these kinds, with tabs:
#
#	title	workload	text	unit
#	note	text
#	skipped	text
#	workload way round cost rate
#
# A cost is the median over the rounds. A ratio is the median of the ratios
# within the rounds, and behind it stands half the distance of the quartiles,
# in percent of it.

function sort_numbers(list, n,    i, j, v)
{
	for (i = 2; i <= n; i++) {
		v = list[i]
		for (j = i - 1; j >= 1 && list[j] > v; j--)
			list[j + 1] = list[j]
		list[j + 1] = v
	}
}

function quantile(list, n, part,    at, low)
{
	at = 1 + (n - 1) * part
	low = int(at)
	if (low >= n)
		return list[n]
	return list[low] + (at - low) * (list[low + 1] - list[low])
}

# The median of a figure over the rounds; -1 if there is none.
function median(table, work, way,    list, n, round)
{
	n = 0
	for (round = 0; round <= last_round; round++)
		if ((work, way, round) in table)
			list[++n] = table[work, way, round]
	sort_numbers(list, n)
	return n == 0 ? -1 : quantile(list, n, .5)
}

# Sets ratio and spread; returns 0 if no round has both.
function compare(work, above, below,    list, n, round)
{
	n = 0
	for (round = 0; round <= last_round; round++)
		if ((work, above, round) in cost && \
		    (work, below, round) in cost && \
		    cost[work, below, round] > 0)
			list[++n] = cost[work, above, round] / \
			    cost[work, below, round]
	if (n == 0)
		return 0
	sort_numbers(list, n)
	ratio = quantile(list, n, .5)
	spread = 50 * (quantile(list, n, .75) - quantile(list, n, .25)) / ratio
	return 1
}

function figure(x)
{
	if (x < 0)
		return "-"
	return sprintf(x < 10 ? "%.3f" : x < 100 ? "%.1f" : "%.0f", x)
}

# A table is gathered, and printed when its widths are known.
function row(line,    cells, n, i)
{
	rows[++row_count] = line
	n = split(line, cells, "\t")
	for (i = 1; i <= n; i++)
		if (length(cells[i]) > width[i])
			width[i] = length(cells[i])
}

function print_rows(numbers,    i, j, n, cells, line)
{
	for (i = 1; i <= row_count; i++) {
		n = split(rows[i], cells, "\t")
		line = "|"
		for (j = 1; j <= n; j++)
			line = line sprintf(j < numbers ? " %-*s |" : " %*s |",
			    width[j], cells[j])
		print line
		if (i > 1)
			continue
		line = "|"
		for (j = 1; j <= n; j++)
			line = line (j < numbers ? " " : " ") \
			    substr(dashes, 1, width[j] - (j >= numbers)) \
			    (j < numbers ? " |" : ": |")
		print line
	}
	row_count = 0
	for (i in width)
		delete width[i]
}

function reached(relation, value, limit)
{
	if (limit == "-")
		return "-"
	if (relation == "cheaper")
		return value >= limit + 0
	return value <= limit + 0
}

function verdict(t,    must, aim, value)
{
	value = relation[t] == "below" ? \
	    median(cost, work_of[t], way_of[t]) : ratio
	must = reached(relation[t], value, must_of[t])
	aim = reached(relation[t], value, aim_of[t])
	if (must == "-")
		return "-"
	if (!must)
		return "NOT REACHED"
	return aim == "1" ? "reached, and the aim" : \
	    aim == "0" ? "reached, not the aim" : "reached"
}

function target_row(t,    words, cell)
{
	words = relation[t] == "cheaper" ? "times cheaper than " : \
	    relation[t] == "times" ? "times the cost of " : "at most"
	if (relation[t] == "below") {
		if (median(cost, work_of[t], way_of[t]) < 0)
			return
		cell = figure(median(cost, work_of[t], way_of[t]))
	} else {
		if (relation[t] == "cheaper" ? \
		    !compare(work_of[t], peer_of[t], way_of[t]) : \
		    !compare(work_of[t], way_of[t], peer_of[t]))
			return
		cell = sprintf("%.2f", ratio)
		words = words peer_of[t]
	}
	row(work_of[t] "\t" way_of[t] "\t" words "\t" verdict(t) "\t" cell \
	    "\t" (relation[t] == "below" ? "" : sprintf("%.1f %%", spread)) \
	    "\t" must_of[t] "\t" aim_of[t])
}

BEGIN {
	dashes = "----------------------------------------------------------"
	dashes = dashes dashes
	last_round = 0
}
FILENAME == ARGV[1] {
	if ($0 !~ /^#/ && NF == 6) {
		work_of[++targets] = $1
		way_of[targets] = $2
		peer_of[targets] = $3
		relation[targets] = $4
		must_of[targets] = $5
		aim_of[targets] = $6
	}
	next
}
{
	split($0, field, "\t")
}
field[1] == "title" {
	if (!(field[2] in title))
		works[++work_count] = field[2]
	title[field[2]] = field[3]
	unit[field[2]] = field[4]
	next
}
field[1] == "note" || field[1] == "skipped" {
	if (!($0 in noted))
		notes[++note_count] = (field[1] == "skipped" ? "skipped: " : \
		    "") field[2]
	noted[$0] = 1
	next
}
{
	if (!((field[1], field[2]) in known)) {
		known[field[1], field[2]] = 1
		ways[field[1], ++way_count[field[1]]] = field[2]
	}
	cost[field[1], field[2], field[3]] = field[4] + 0
	if (field[5] != "")
		rate[field[1], field[2], field[3]] = field[5] + 0
	if (field[3] > last_round)
		last_round = field[3] + 0
}
END {
	row("workload\tway\tratio\tverdict\tmeasured\tspread\tmust\taim")
	for (t = 1; t <= targets; t++)
		target_row(t)
	print_rows(5)
	print ""
	row("workload\twhat it is\tway\tcost\tunit\tto evchat\tper second")
	for (i = 1; i <= work_count; i++)
		for (j = 1; j <= way_count[works[i]]; j++)
			row(works[i] "\t" \
			    (j == 1 ? title[works[i]] : "") "\t" \
			    ways[works[i], j] "\t" \
			    figure(median(cost, works[i], ways[works[i], j])) \
			    "\t" unit[works[i]] "\t" \
			    (compare(works[i], ways[works[i], j], "evchat") ? \
			    sprintf("%.2f", ratio) : "-") "\t" \
			    figure(median(rate, works[i], ways[works[i], j])))
	print_rows(4)
	print ""
	for (i = 1; i <= note_count; i++)
		print "- " notes[i]
	printf "- %d rounds\n", last_round + 1
}
