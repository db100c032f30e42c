package housecheck

import (
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// arrow is one import: from a file in a room to a package.
type arrow struct {
	from  file
	room  room
	to    string
	alias string
	pos   token.Pos
}

// arrows yields every import of the Go files that stand in a room; the rooms law speaks of the others.
func (t *tree) arrows(yield func(arrow) bool) {
	for f := range t.code {
		r, known := roomOf(f.room)
		if !known {
			continue
		}
		for _, spec := range f.code.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				panic("housecheck: the parser let an unquotable import pass: " + spec.Path.Value)
			}
			a := arrow{from: f, room: r, to: to, pos: spec.Pos()}
			if spec.Name != nil {
				a.alias = spec.Name.Name
			}
			if !yield(a) {
				return
			}
		}
	}
}

// oursLaw holds the arrows between rooms.
func oursLaw(t *tree) (broken []finding) {
	for a := range t.arrows {
		if a.to == module {
			broken = append(broken, t.at(a.pos, "the root holds no code: nothing to import"))
			continue
		}
		target, ours := strings.CutPrefix(a.to, module+"/")
		if !ours || slices.Contains(a.room.ours, "...") || slices.Contains(a.room.ours, target) {
			continue
		}
		if a.from.test && (target == a.room.path || !a.room.strict && slices.Contains(testOurs, target)) {
			continue
		}
		broken = append(broken, t.at(a.pos, "%s may not import %s: move the code, or change the table with a decision entry", a.room.path, target))
	}
	return broken
}

// othersLaw holds the dependencies: each room has its own, and cgo is none.
func othersLaw(t *tree) (broken []finding) {
	for a := range t.arrows {
		if a.to == "C" {
			broken = append(broken, t.at(a.pos, "cgo: the project builds without it"))
			continue
		}
		if standard(a.to) || under(a.to, module) {
			continue
		}
		allowed := join(a.room.others, fileImports[a.from.path])
		if a.from.test && !a.room.strict {
			allowed = append(allowed, testOthers...)
		}
		if !slices.ContainsFunc(allowed, func(other string) bool { return under(a.to, other) }) {
			broken = append(broken, t.at(a.pos, "%s may not import %s: a new dependency needs a decision entry and a place in the table", a.room.path, a.to))
		}
	}
	return broken
}

// aliasLaw keeps the two runtimes apart: here runtime means ours.
func aliasLaw(t *tree) (broken []finding) {
	for a := range t.arrows {
		if a.to == "runtime" && a.alias != runtimeAlias {
			broken = append(broken, t.at(a.pos, `import the standard one as %s "runtime"`, runtimeAlias))
		}
		if a.to != "runtime" && a.alias == runtimeAlias {
			broken = append(broken, t.at(a.pos, "%s is the name of the standard runtime, not of %s", runtimeAlias, a.to))
		}
	}
	return broken
}

// standard tells whether a path is the standard library's: its first element has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

// under tells whether a package is the named one or lies under it.
func under(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }
