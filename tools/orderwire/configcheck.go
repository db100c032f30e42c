package main

import (
	"fmt"
	"io"
	"os"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"
)

func configCommand(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "look at a config file",
		Args:  noArguments,
		RunE:  needsSubcommand,
	}
	c.AddCommand(configCheckCommand(s))
	return c
}

func configCheckCommand(s streams) *cobra.Command {
	var withoutSecrets bool
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "check a config file, print what it means with all defaults, and no secret",
		Args:  exactly("FILE"),
	}
	c.Flags().BoolVar(&withoutSecrets, "without-secrets", false, "do not look whether the secrets are there")
	c.RunE = func(_ *cobra.Command, args []string) error {
		config, err := loadConfig(args[0])
		if err != nil {
			return err
		}
		if err := config.print(s.out); err != nil {
			return err
		}
		return config.probe(s.out, withoutSecrets)
	}
	return c
}

// print writes the effective config as TOML that means the same when it is read again.
func (c *Config) print(w io.Writer) error {
	encoder := toml.NewEncoder(w)
	encoder.SetIndentTables(false)
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("config cannot be printed: %w", err)
	}
	return nil
}

// probe looks at what the config points to, and says as comments what follows from it.
func (c *Config) probe(w io.Writer, withoutSecrets bool) error {
	if _, err := c.Orders.Trust.tls("orders"); err != nil {
		return fmt.Errorf("orders.trust: %w", err)
	}
	if _, err := c.Market.Trust.tls("market"); err != nil {
		return fmt.Errorf("market.trust: %w", err)
	}
	notes := []string{}
	if refusal := c.refusal(os.Getenv); refusal != nil {
		notes = append(notes, refusal.Error())
	}
	switch {
	case !c.Credentials.named():
		notes = append(notes, "no credentials are named: market data only")
	case withoutSecrets:
		notes = append(notes, "the secrets were not looked for")
	default:
		signer, err := c.Credentials.signer()
		if err != nil {
			return err
		}
		signer.Wipe()
		notes = append(notes, "the credentials are there and can be used; their values are [redacted]")
	}
	for _, note := range notes {
		if _, err := fmt.Fprintln(w, "# "+note); err != nil {
			return err
		}
	}
	return nil
}
