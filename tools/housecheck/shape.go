package housecheck

import (
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// topLevelLaw keeps the front of the house to the names that the style page lists.
func topLevelLaw(t *tree) (broken []finding) {
	seen := map[string]bool{}
	for _, name := range t.names {
		first, _, _ := strings.Cut(name, "/")
		if !seen[first] && first[0] != '.' && !slices.Contains(topLevel, first) {
			broken = append(broken, finding{first, "does not belong at the top level: " + strings.Join(topLevel, ", ") + " and dotfiles do"})
		}
		seen[first] = true
	}
	return broken
}

// roomsLaw asks that each folder with Go code is a room of the table.
func roomsLaw(t *tree) (broken []finding) {
	seen := map[string]bool{}
	for f := range t.code {
		if _, known := roomOf(f.room); !known && !seen[f.room] {
			broken = append(broken, finding{f.room, "is no room of the table in tools/housecheck/house.go"})
		}
		seen[f.room] = true
	}
	return broken
}

// docLaw asks each room for its front door, in the length that a newcomer reads.
func docLaw(t *tree) (broken []finding) {
	docLines := map[string]int{}
	for f := range t.code {
		if _, seen := docLines[f.room]; !seen {
			docLines[f.room] = 0
		}
		if path.Base(f.path) == "doc.go" {
			docLines[f.room] = lines(f.text)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(docLines)) {
		switch n := docLines[folder]; {
		case n == 0:
			broken = append(broken, finding{folder, "has no doc.go"})
		case n < docLinesMin || n > docLinesMax:
			broken = append(broken, finding{folder + "/doc.go", fmt.Sprintf("has %d lines; a front door has %d to %d", n, docLinesMin, docLinesMax)})
		}
	}
	return broken
}

// funcLengthLaw is the hard stop for one function.
func funcLengthLaw(t *tree) (broken []finding) {
	for f := range t.code {
		if f.test || ast.IsGenerated(f.code) {
			continue
		}
		for _, decl := range f.code.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1; n > funcLinesMax {
				broken = append(broken, t.at(fn.Pos(), "%s has %d lines, at most %d: keep the branches, move the straight code out", fn.Name.Name, n, funcLinesMax))
			}
		}
	}
	return broken
}

// fileLengthLaw is the hard stop for one file.
func fileLengthLaw(t *tree) (broken []finding) {
	for f := range t.code {
		if n := lines(f.text); !f.test && !ast.IsGenerated(f.code) && n > fileLinesMax {
			broken = append(broken, finding{f.path, fmt.Sprintf("has %d lines, at most %d: split it by noun", n, fileLinesMax)})
		}
	}
	return broken
}

// folderLaw refuses folders whose name does not say what is in them.
func folderLaw(t *tree) (broken []finding) {
	for _, folder := range t.folders {
		if slices.Contains(wordlessFolders, path.Base(folder)) {
			broken = append(broken, finding{folder, "a helper lives with its only user; with two it becomes a named thing in the lower room"})
		}
	}
	return broken
}

// asmLaw keeps assembly where its reference, its table of kernels and its benchmark are.
func asmLaw(t *tree) (broken []finding) {
	for _, name := range t.names {
		if strings.HasSuffix(name, ".s") && !strings.Contains(name, "/_asm/") && !matches(asmFiles, name) {
			broken = append(broken, finding{name, "assembly stands in " + strings.Join(asmFiles, ", ") + " only"})
		}
	}
	return broken
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

func lines(text []byte) int { return bytes.Count(text, []byte("\n")) }
