package host

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tree is the host's file system, or a folder that stands for it.
type tree struct{ root string }

func (t tree) path(name string) string {
	if t.root == "" {
		return name
	}
	return filepath.Join(t.root, name)
}

// text is the trimmed content of a file, and whether it could be read.
func (t tree) text(name string) (string, bool) {
	b, err := os.ReadFile(t.path(name))
	if err != nil {
		return "", false
	}
	return strings.TrimSpace(string(b)), true
}

// number is a file's content as an integer.
func (t tree) number(name string) (int64, bool) {
	s, ok := t.text(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// match lists the files that fit a pattern, by their names inside the tree, in order.
func (t tree) match(pattern string) []string {
	found, err := filepath.Glob(t.path(pattern))
	if err != nil {
		return nil // a bad pattern is ours, and finds nothing in any test either
	}
	for i, name := range found {
		if t.root != "" {
			found[i] = strings.TrimPrefix(name, filepath.Clean(t.root))
		}
	}
	slices.Sort(found)
	return found
}

// chosen is the word in brackets of a file such as "always [madvise] never".
func (t tree) chosen(name string) (string, bool) {
	s, ok := t.text(name)
	if !ok {
		return "", false
	}
	if _, rest, found := strings.Cut(s, "["); found {
		if word, _, found := strings.Cut(rest, "]"); found {
			return word, true
		}
	}
	return s, true
}

// ParseCPUs reads the kernel's list form: "0-3,8". Empty is none.
func ParseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		if part == "" {
			continue
		}
		low, high, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(low)
		if err != nil {
			return nil, fmt.Errorf("host: cpu list %q: %w", list, err)
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(high); err != nil {
				return nil, fmt.Errorf("host: cpu list %q: %w", list, err)
			}
		}
		if first < 0 || last < first || last > 1<<16 {
			return nil, fmt.Errorf("host: cpu list %q: %d-%d is no range", list, first, last)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// FormatCPUs is the reverse of ParseCPUs.
func FormatCPUs(cpus []int) string {
	sorted := slices.Clone(cpus)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var parts []string
	for i := 0; i < len(sorted); {
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.Itoa(sorted[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", sorted[i], sorted[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// maskHas tells whether a hexadecimal cpu mask ("ffffffff,00000003") has cpu in it.
func maskHas(mask string, cpu int) (bool, error) {
	words := strings.Split(strings.TrimSpace(mask), ",")
	at := len(words) - 1 - cpu/32
	if at < 0 {
		return false, nil
	}
	word, err := strconv.ParseUint(words[at], 16, 32)
	if err != nil {
		return false, fmt.Errorf("host: cpu mask %q: %w", mask, err)
	}
	return word>>(cpu%32)&1 == 1, nil
}

// maskWithout is mask with cpu taken out, and whether anything is left.
func maskWithout(mask string, cpu int) (string, bool) {
	words := strings.Split(strings.TrimSpace(mask), ",")
	left := uint64(0)
	for i, text := range words {
		word, err := strconv.ParseUint(text, 16, 32)
		if err != nil {
			return "", false
		}
		if i == len(words)-1-cpu/32 {
			word &^= 1 << (cpu % 32)
		}
		left |= word
		words[i] = strconv.FormatUint(word, 16)
	}
	return strings.Join(words, ","), left != 0
}
