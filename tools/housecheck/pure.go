package housecheck

import (
	"go/ast"
	"slices"
)

// impurePackages do I/O, read clocks or random bytes, or log; what lies under them too.
var impurePackages = []string{"net", "os", "syscall", "unsafe", "log", "crypto/rand", "io/ioutil", "plugin", "testing"}

// pureUnderImpure are only text and numbers, although they lie under a name above.
var pureUnderImpure = []string{"net/url", "net/netip"}

// clockCalls are what a pure room must get as an argument instead.
var clockCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// pureImportsLaw keeps sockets, files, clock and log out of the rooms that are functions over bytes. unsafe has its own
// law where assembly stands.
func pureImportsLaw(t *tree) (broken []finding) {
	for a := range t.arrows {
		switch {
		case !a.room.pure, a.from.test, slices.Contains(fileImports[a.from.path], a.to), slices.Contains(pureUnderImpure, a.to):
		case a.to == "unsafe" && mayUseUnsafe(a.from.path):
		case slices.ContainsFunc(impurePackages, func(impure string) bool { return under(a.to, impure) }):
			broken = append(broken, t.at(a.pos, "%s is pure: it gets what %s would give it as an argument", a.room.path, a.to))
		}
	}
	return broken
}

// pureCodeLaw refuses clock calls and goroutines.
func pureCodeLaw(t *tree) (broken []finding) {
	for f := range t.code {
		r, _ := roomOf(f.room)
		if !r.pure || f.test {
			continue
		}
		ast.Inspect(f.code, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.GoStmt:
				broken = append(broken, t.at(node.Pos(), "%s is pure: it starts no goroutine", r.path))
			case *ast.SelectorExpr:
				if from, ok := node.X.(*ast.Ident); ok && from.Name == "time" && slices.Contains(clockCalls, node.Sel.Name) {
					broken = append(broken, t.at(node.Pos(), "%s is pure: it gets nowNanos instead of calling time.%s", r.path, node.Sel.Name))
				}
			}
			return true
		})
	}
	return broken
}
