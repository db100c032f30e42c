package housecheck

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// Written in halves, since this file is read by its own law.
	unfinishedMark = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	issueNumber    = regexp.MustCompile(`#[0-9]+`)
	machinePath    = regexp.MustCompile("(^|[\\s\"'`(=:,])/(" + strings.Join(machineFolders, "|") + `)/`)
)

// unfinishedLaw asks for the issue in which the work goes on. It reads comments of Go code, and whole lines of scripts
// and documents, where a mark has no other meaning.
func unfinishedLaw(t *tree) (broken []finding) {
	for _, f := range t.files {
		if f.code != nil {
			for _, group := range f.code.Comments {
				for _, comment := range group.List {
					if unfinishedMark.MatchString(comment.Text) && !issueNumber.MatchString(comment.Text) {
						broken = append(broken, t.at(comment.Pos(), "unfinished work names its issue's number"))
					}
				}
			}
			continue
		}
		if foreign(f) {
			continue
		}
		broken = append(broken, f.grep("unfinished work names its issue's number", func(line string) bool {
			return unfinishedMark.MatchString(line) && !issueNumber.MatchString(line)
		})...)
	}
	return broken
}

// registryLaw: where packages come from is the package manager's business.
func registryLaw(t *tree) (broken []finding) {
	for _, f := range t.files {
		for _, host := range registries {
			broken = append(broken, f.grep("names the registry "+host, func(line string) bool { return strings.Contains(line, host) })...)
		}
	}
	return broken
}

// machineLaw: a path of one machine is wrong on all the others.
func machineLaw(t *tree) (broken []finding) {
	for _, f := range t.files {
		if !foreign(f) {
			broken = append(broken, f.grep("holds a path of one machine", machinePath.MatchString)...)
		}
	}
	return broken
}

// foreign files were written by others or by a program: golden bytes, licences, sums.
func foreign(f file) bool {
	return strings.Contains("/"+f.path, "/testdata/") || f.path == "LICENSE" || f.path == "NOTICE" || strings.HasSuffix(f.path, ".sum")
}

func (f file) grep(what string, wrong func(line string) bool) (broken []finding) {
	for number, line := range strings.Split(string(f.text), "\n") {
		if wrong(line) {
			broken = append(broken, atLine(f, number, what))
		}
	}
	return broken
}

func atLine(f file, number int, what string) finding {
	return finding{fmt.Sprintf("%s:%d", f.path, number+1), what}
}
