package housecheck

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

const (
	safetyMark = "SAFETY:"
	// safetyReach is how many lines below its comment a rule still holds, if no empty line ends the paragraph before.
	safetyReach = 8
)

// unsafeConstants are known to the compiler and touch no memory: nothing about them can be unsound.
var unsafeConstants = []string{"Sizeof", "Offsetof", "Alignof"}

// mayUseUnsafe knows the listed files, and the kernels' own files.
func mayUseUnsafe(name string) bool {
	if r, _ := roomOf(path.Dir(name)); r.asm && (strings.HasSuffix(name, "_amd64.go") || strings.HasSuffix(name, "_amd64_test.go")) {
		return true
	}
	return matches(unsafeFiles, name)
}

// unsafeFilesLaw keeps unsafe behind few doors.
func unsafeFilesLaw(t *tree) (broken []finding) {
	for a := range t.arrows {
		if a.to == "unsafe" && !mayUseUnsafe(a.from.path) {
			broken = append(broken, t.at(a.pos, "unsafe is for the files listed in tools/housecheck/house.go"))
		}
	}
	return broken
}

// unsafeExplainedLaw asks for the rule that makes each use sound, in a SAFETY comment at the head of the paragraph that
// holds the use, or on its line. A use is a call: a field of type unsafe.Pointer claims nothing by itself.
func unsafeExplainedLaw(t *tree) (broken []finding) {
	for f := range t.code {
		explained := t.explained(f)
		ast.Inspect(f.code, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			use, ok := call.Fun.(*ast.SelectorExpr)
			if ok && isIdent(use.X, "unsafe") && !slices.Contains(unsafeConstants, use.Sel.Name) && !explained[t.line(use.Pos())] {
				broken = append(broken, t.at(use.Pos(), "unsafe.%s has no // SAFETY: line that names the rule which makes it sound", use.Sel.Name))
			}
			return true
		})
	}
	return broken
}

// explained returns the lines of a file that a SAFETY comment speaks of.
func (t *tree) explained(f file) map[int]bool {
	text := strings.Split(string(f.text), "\n")
	explained := map[int]bool{}
	for _, group := range f.code.Comments {
		if !strings.Contains(group.Text(), safetyMark) {
			continue
		}
		end := t.line(group.End())
		explained[end] = true // a comment behind the use
		for line := end + 1; line <= min(end+safetyReach, len(text)) && strings.TrimSpace(text[line-1]) != ""; line++ {
			explained[line] = true
		}
	}
	return explained
}

func (t *tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

func isIdent(expr ast.Expr, name string) bool {
	ident, ok := expr.(*ast.Ident)
	return ok && ident.Name == name
}
