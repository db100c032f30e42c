package housecheck

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
)

const safetyMark = "SAFETY:"

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

// unsafeExplainedLaw asks for the rule that makes each use sound: a SAFETY comment inside the statement or declaration
// that holds the use, or directly above it.
func unsafeExplainedLaw(t *tree) (broken []finding) {
	for f := range t.code {
		explained := map[int]bool{} // lines that a SAFETY comment covers, and the line after it
		for _, group := range f.code.Comments {
			if strings.Contains(group.Text(), safetyMark) {
				for line := t.line(group.Pos()); line <= t.line(group.End())+1; line++ {
					explained[line] = true
				}
			}
		}
		var holders []ast.Node
		ast.Inspect(f.code, func(node ast.Node) bool {
			if node == nil {
				holders = holders[:len(holders)-1]
				return true
			}
			holders = append(holders, node)
			if use, ok := node.(*ast.SelectorExpr); ok && isIdent(use.X, "unsafe") && !t.explains(explained, holders) {
				broken = append(broken, t.at(use.Pos(), "unsafe.%s has no // SAFETY: line that names the rule which makes it sound", use.Sel.Name))
			}
			return true
		})
	}
	return broken
}

// explains looks at the innermost statement, declaration or field around the use.
func (t *tree) explains(explained map[int]bool, holders []ast.Node) bool {
	use := holders[len(holders)-1]
	holder := use
	for i := len(holders) - 1; i >= 0; i-- {
		holder = holders[i]
		if holds(holder) {
			break
		}
	}
	for line := t.line(holder.Pos()); line <= t.line(use.End()); line++ {
		if explained[line] {
			return true
		}
	}
	return false
}

func holds(node ast.Node) bool {
	switch node.(type) {
	case *ast.BlockStmt:
		return false
	case ast.Stmt, ast.Spec, *ast.Field, *ast.FuncDecl:
		return true
	}
	return false
}

func (t *tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

func isIdent(expr ast.Expr, name string) bool {
	ident, ok := expr.(*ast.Ident)
	return ok && ident.Name == name
}
