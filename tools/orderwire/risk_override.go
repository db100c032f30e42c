package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// overrideCommand changes one limit of a running process.
func overrideCommand(s streams) *cobra.Command {
	var dir string
	var r overrideRequest
	c := &cobra.Command{
		Use:   "override SYMBOL LIMIT VALUE",
		Short: "change one limit of a symbol in a running process, until it ends",
		Long: "The limit is named as in [[risk.symbols]]. Who changed it, why, and what it was before is in the journal before it holds;\n" +
			"the file stays as it is. The symbol's reference price begins anew: no order leaves until the next quote or print.",
		Args: exactly("SYMBOL", "LIMIT", "VALUE"),
	}
	c.Flags().StringVar(&dir, "state-dir", "", "state folder of the process (default: that of a config file without state_dir)")
	c.Flags().StringVar(&r.By, "by", "", "who decides this, at most 16 bytes")
	c.Flags().StringVar(&r.Reason, "reason", "", "why, at most 80 bytes")
	c.RunE = func(c *cobra.Command, args []string) error {
		if r.By == "" || r.Reason == "" {
			return misused(c, "an override needs --by NAME and --reason TEXT: both go into the journal")
		}
		if dir == "" {
			var err error
			if dir, err = defaultStateDir(os.Getenv); err != nil {
				return misused(c, err.Error())
			}
		}
		r.Symbol, r.Key, r.Value = args[0], args[1], args[2]
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		return speak(s.out, filepath.Join(dir, controlName), "override "+string(text))
	}
	return c
}
