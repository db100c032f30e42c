// Command _mutate plants one bug at a time into what decides about the life of an order and runs the tests that must
// see it. Run it in the room's folder:
//
//	go run ./_mutate            every mutant; exit 1 below 95 % killed
//	go run ./_mutate -every 20  each twentieth
//
// The tree is not touched: a mutant is an overlay of the build.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const (
	needPercent = 95
	testsToRun  = "Life|R1|R2|R4|R5|Tracker|Cancel|Lose|Tested|GateExposure|Symbols"
)

// mutant is one change and its undoing.
type mutant struct {
	file, what string
	apply      func()
	undo       func()
}

func main() {
	every := flag.Int("every", 1, "run each n-th mutant only")
	only := flag.String("file", "", "run the mutants of one file only")
	flag.Parse()
	states := []string{"Armed", "Pushed", "Received", "Acked", "PartiallyFilled", "Filled", "Cancelled", "Expired", "Rejected", "NotSent", "Unknown"}
	killed, run := 0, 0
	for _, name := range []string{"life.go", "tracker.go", "booking.go", "executions.go"} {
		if *only != "" && *only != name {
			continue
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		must(err)
		mutants := find(files, tree, name, states)
		for i, m := range mutants {
			if i%*every != 0 {
				continue
			}
			run++
			m.apply()
			var source bytes.Buffer
			must(printer.Fprint(&source, files, tree))
			m.undo()
			if dies(name, source.Bytes()) {
				killed++
			} else {
				fmt.Printf("survives: %s\n", m.what)
			}
		}
		fmt.Printf("%s: %d of %d mutants so far are killed\n", name, killed, run)
	}
	if run == 0 || killed*100 < run*needPercent {
		fmt.Printf("below %d %%\n", needPercent)
		os.Exit(1)
	}
}

// find lists the mutants of a file: another state in each cell of the table, comparisons turned round, conditions
// negated, sums turned into differences, statements left out.
func find(files *token.FileSet, tree *ast.File, name string, states []string) (all []mutant) {
	add := func(at token.Pos, what string, apply, undo func()) {
		all = append(all, mutant{name, files.Position(at).String() + ": " + what, apply, undo})
	}
	isState := map[string]bool{}
	for _, s := range states {
		isState[s] = true
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if value, ok := n.Value.(*ast.Ident); ok && isState[value.Name] {
				was := value.Name
				for _, s := range states {
					if s != was {
						add(value.Pos(), was+" becomes "+s, func() { value.Name = s }, func() { value.Name = was })
					}
				}
			}
		case *ast.BinaryExpr:
			if to, ok := turned[n.Op]; ok {
				was := n.Op
				add(n.OpPos, was.String()+" becomes "+to.String(), func() { n.Op = to }, func() { n.Op = was })
			}
		case *ast.IfStmt:
			was := n.Cond
			add(n.Pos(), "the condition is negated", func() { n.Cond = &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: was}} }, func() { n.Cond = was })
		case *ast.IncDecStmt:
			was := n.Tok
			to := token.DEC
			if was == token.DEC {
				to = token.INC
			}
			add(n.Pos(), was.String()+" becomes "+to.String(), func() { n.Tok = to }, func() { n.Tok = was })
		case *ast.BlockStmt:
			for i, s := range n.List {
				if call, ok := s.(*ast.ExprStmt); ok {
					add(call.Pos(), "a call is left out", func() { n.List[i] = &ast.EmptyStmt{} }, func() { n.List[i] = s })
				}
			}
		}
		return true
	})
	return all
}

var turned = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.GEQ, token.GTR: token.LEQ, token.LEQ: token.GTR, token.GEQ: token.LSS,
	token.LAND: token.LOR, token.LOR: token.LAND, token.ADD: token.SUB, token.SUB: token.ADD,
}

// dies tells whether the tests fail, or the mutant does not build, which counts as found.
func dies(name string, source []byte) bool {
	folder, err := os.MkdirTemp("", "mutant")
	must(err)
	defer os.RemoveAll(folder)
	changed := filepath.Join(folder, name)
	must(os.WriteFile(changed, source, 0o600))
	here, err := filepath.Abs(name)
	must(err)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {here: changed}})
	must(err)
	config := filepath.Join(folder, "overlay.json")
	must(os.WriteFile(config, overlay, 0o600))
	test := exec.Command("go", "test", "-short", "-vet=off", "-count=1", "-timeout="+strconv.Itoa(60)+"s", "-overlay="+config, "-run="+testsToRun, ".")
	return test.Run() != nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
