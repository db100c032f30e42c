package housecheck

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// each runs one question over every node of the Go files.
func (t *tree) each(ask func(f file, node ast.Node)) {
	for f := range t.code {
		ast.Inspect(f.code, func(node ast.Node) bool {
			if node != nil {
				ask(f, node)
			}
			return true
		})
	}
}

// initLaw refuses code that runs because it was imported: tools/orderwire names things in one map.
func initLaw(t *tree) (broken []finding) {
	t.each(func(_ file, node ast.Node) {
		if fn, ok := node.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			broken = append(broken, t.at(fn.Pos(), "no init(): name it where it is used"))
		}
	})
	return broken
}

// sleepLaw: the data plane never waits, and a test that sleeps depends on timing.
func sleepLaw(t *tree) (broken []finding) {
	t.each(func(f file, node ast.Node) {
		use, ok := node.(*ast.SelectorExpr)
		if !ok || !isIdent(use.X, "time") || use.Sel.Name != "Sleep" {
			return
		}
		switch r, _ := roomOf(f.room); {
		case f.test:
			broken = append(broken, t.at(use.Pos(), "a test does not sleep: turn the loop by hand, or wait for the event"))
		case r.loop && !slices.Contains(sleepers, f.path):
			broken = append(broken, t.at(use.Pos(), "%s is data plane: nothing here sleeps", r.path))
		}
	})
	return broken
}

// revealLaw keeps the bytes of secrets in the rooms that sign.
func revealLaw(t *tree) (broken []finding) {
	t.each(func(f file, node ast.Node) {
		call, ok := node.(*ast.CallExpr)
		if !ok || f.room == "orders" || strings.HasPrefix(f.room, "orders/") {
			return
		}
		if use, ok := call.Fun.(*ast.SelectorExpr); ok && use.Sel.Name == secretAccessor {
			broken = append(broken, t.at(call.Pos(), "%s is called in orders/** only", secretAccessor))
		}
	})
	return broken
}

// verificationSwitch is the field of crypto/tls and utls that turns verification off.
const verificationSwitch = "InsecureSkip" + "Verify"

var verificationOff = regexp.MustCompile(verificationSwitch + `\s*(:|=)\s*true`)

// verificationLaw reads text and not syntax, so that nested modules and documents are held to it too; in Go code any
// value but false is refused.
func verificationLaw(t *tree) (broken []finding) {
	for _, f := range t.files {
		for number, line := range strings.Split(string(f.text), "\n") {
			if verificationOff.MatchString(line) {
				broken = append(broken, atLine(f, number, "verification is never switched off; tests use a private CA"))
			}
		}
	}
	t.each(func(_ file, node ast.Node) {
		switch node := node.(type) {
		case *ast.KeyValueExpr:
			if isIdent(node.Key, verificationSwitch) && !isIdent(node.Value, "false") && !isIdent(node.Value, "true") {
				broken = append(broken, t.at(node.Pos(), "verification does not depend on a variable"))
			}
		case *ast.AssignStmt:
			for i, to := range node.Lhs {
				use, ok := to.(*ast.SelectorExpr)
				if ok && use.Sel.Name == verificationSwitch && (len(node.Rhs) != len(node.Lhs) || !isIdent(node.Rhs[i], "false") && !isIdent(node.Rhs[i], "true")) {
					broken = append(broken, t.at(node.Pos(), "verification does not depend on a variable"))
				}
			}
		}
	})
	return broken
}

// floatLaw: money is fixed.Number.
func floatLaw(t *tree) (broken []finding) {
	t.each(func(f file, node ast.Node) {
		if f.test || f.room != "orders" && !strings.HasPrefix(f.room, "orders/") {
			return
		}
		switch node := node.(type) {
		case *ast.Ident:
			if node.Name == "float64" || node.Name == "float32" {
				broken = append(broken, t.at(node.Pos(), "no float in orders/: money is fixed.Number"))
			}
		case *ast.BasicLit:
			if node.Kind == token.FLOAT && strings.Contains(node.Value, ".") { // 1e8 is how a whole constant is written
				broken = append(broken, t.at(node.Pos(), "no float in orders/: money is fixed.Number"))
			}
		}
	})
	return broken
}

var (
	emptyType = regexp.MustCompile(`(?i)(manager|helper|helpers|util|utils|impl)$`)
	getter    = regexp.MustCompile(`^Get[A-Z]`) // a bare Get is the word of crypto/tls's session cache
)

// namesLaw: nouns for things, one plain verb for an action.
func namesLaw(t *tree) (broken []finding) {
	t.each(func(_ file, node ast.Node) {
		switch node := node.(type) {
		case *ast.TypeSpec:
			if emptyType.MatchString(node.Name.Name) {
				broken = append(broken, t.at(node.Pos(), "%s: name the thing, not its part in the play", node.Name.Name))
			}
		case *ast.FuncDecl:
			if getter.MatchString(node.Name.Name) {
				broken = append(broken, t.at(node.Pos(), "%s: no Get prefix", node.Name.Name))
			}
		}
	})
	return broken
}

// linknameLaw: what is reached past a package's border breaks with the next Go release.
func linknameLaw(t *tree) (broken []finding) {
	for f := range t.code {
		for _, group := range f.code.Comments {
			for _, comment := range group.List {
				if strings.HasPrefix(comment.Text, "//go:"+"linkname") {
					broken = append(broken, t.at(comment.Pos(), "no linkname: a plain go build must keep working"))
				}
			}
		}
	}
	return broken
}
