package market

import (
	"fmt"
	"slices"
	"strings"
)

// Symbols is a fixed set of symbol names, numbered as they were given. It turns the name in a message into the
// index under which everything else is kept.
type Symbols struct {
	sorted []string
	index  []int // of sorted, in the order given
}

const (
	symbolsMax    = 65536
	symbolSizeMax = 64 // bytes; the longest names of any venue have about 30
)

// NewSymbols makes the set. Errors name the symbol and the rule that it breaks.
func NewSymbols(names []string) (*Symbols, error) {
	if len(names) > symbolsMax {
		return nil, fmt.Errorf("market: %d symbols are more than %d", len(names), symbolsMax)
	}
	s := &Symbols{index: make([]int, len(names))}
	for i, name := range names {
		if name == "" || len(name) > symbolSizeMax {
			return nil, fmt.Errorf("market: symbol %d: want a name of 1 to %d bytes", i, symbolSizeMax)
		}
		s.index[i] = i
	}
	slices.SortFunc(s.index, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	for i, at := range s.index {
		if i > 0 && names[at] == s.sorted[i-1] {
			return nil, fmt.Errorf("market: symbol %q is there twice", names[at])
		}
		s.sorted = append(s.sorted, names[at])
	}
	return s, nil
}

// Len is how many symbols there are.
func (s *Symbols) Len() int { return len(s.sorted) }

// Index is the number of name, in the order in which the names were given; -1 where it is not in the set.
func (s *Symbols) Index(name []byte) int {
	low, high := 0, len(s.sorted)
	for low < high {
		middle := int(uint(low+high) >> 1)
		switch candidate := s.sorted[middle]; {
		case string(name) == candidate:
			return s.index[middle]
		case string(name) < candidate:
			high = middle
		default:
			low = middle + 1
		}
	}
	return -1
}
