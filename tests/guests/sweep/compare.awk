# SPDX-License-Identifier: MIT
# Compares two transcripts of the sweep cell by cell.   Usage: awk -f compare.awk ACCEPTED OURS XENS
# A cell is called "ROW KEY", and "KEY#2" when the key comes a second time in its row; ".KEY" belongs to the key before it.
# ACCEPTED: patterns of cells (extended regular expressions, whole names), one in a line; comments before them say why.

{ file = FILENAME == ARGV[1] ? 1 : FILENAME == ARGV[2] ? 2 : 3 }

file == 1 && !/^(#|$)/ { pattern[++patterns] = $0 }

file > 1 && /^= / {
    row = substr($0, 3)
    at = index(row, ":")
    fields = split(substr(row, at + 1), field, " ")
    row = substr(row, 1, at - 1)
    if (++rows[file, row] > 1) row = row "(" rows[file, row] ")"
    delete seen
    main = ""
    for (i = 1; i <= fields; i++) {
        at = index(field[i], "=")
        key = substr(field[i], 1, at - 1)
        if (key ~ /^\./) key = main key
        else main = key
        if (++seen[key] > 1) key = key "#" seen[key]
        cell = row " " key
        if (!(cell in known)) order[++cells] = cell
        known[cell]
        value[file, cell] = substr(field[i], at + 1)
    }
}

function is_accepted(cell, i) {
    for (i = 1; i <= patterns; i++)
        if (cell ~ "^(" pattern[i] ")$") {
            used[i]++
            return 1
        }
    return 0
}

END {
    for (n = 1; n <= cells; n++) {
        cell = order[n]
        ours = (2, cell) in value ? value[2, cell] : "nothing"
        xens = (3, cell) in value ? value[3, cell] : "nothing"
        if (ours == xens) continue
        if (is_accepted(cell)) {
            accepted++
            continue
        }
        printf "%s: %s, on Xen %s\n", cell, ours, xens
        unexplained++
    }
    for (i = 1; i <= patterns; i++)
        if (!used[i]) {
            printf "explained, but no difference: %s\n", pattern[i]
            idle++
        }
    printf "%d cells compared, %d differences explained, %d not explained\n", cells, accepted, unexplained
    exit unexplained + idle > 0
}
