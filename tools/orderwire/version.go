package main

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print what this binary was built from",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(s.out, "orderwire %s %s %s/%s\n", revision(), goruntime.Version(), goruntime.GOOS, goruntime.GOARCH)
			return err
		},
	}
}

// revision is the commit that the go command stamped into the binary.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown revision)"
	}
	commit, dirty := "", ""
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			commit = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				dirty = "+changes"
			}
		}
	}
	if commit == "" {
		return info.Main.Version
	}
	return commit[:min(len(commit), 12)] + dirty
}
