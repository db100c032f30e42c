package record_test

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"

	"orderwire/tlsio/record"
)

// TestTiers: a tier never gives a kernel above it, and generic always gives the standard library.
func TestTiers(t *testing.T) {
	least := map[string]record.Tier{"std": record.TierGeneric}
	record.EachTier(record.AES128GCM, func(name string, tier record.Tier) { least[name] = tier })
	tiers := []record.Tier{record.TierGeneric, record.TierSHANI, record.TierVAES256, record.TierAVX512, record.TierAuto}
	rank := func(tier record.Tier) int {
		for i, one := range tiers {
			if one == tier {
				return i
			}
		}
		t.Fatalf("unknown tier %q", tier)
		return 0
	}
	for _, tier := range tiers {
		name := record.KernelName(tier)
		if need, known := least[name]; !known || rank(need) > rank(tier) {
			t.Errorf("tier %q gives kernel %s, which needs %q", tier, name, need)
		}
		for better, need := range least {
			if rank(need) <= rank(tier) && rank(need) > rank(least[name]) {
				t.Errorf("tier %q gives kernel %s where %s is there", tier, name, better)
			}
		}
	}
	if name := record.KernelName(record.TierGeneric); name != "std" {
		t.Errorf("tier generic gives kernel %s", name)
	}
}

// TestFIPS runs itself once more in FIPS 140 mode, where no kernel of ours may run.
func TestFIPS(t *testing.T) {
	const setting = "GODEBUG=fips140=on"
	if !fips140.Enabled() {
		again := exec.Command(os.Args[0], "-test.run=^TestFIPS$", "-test.v")
		again.Env = append(os.Environ(), setting)
		out, err := again.CombinedOutput()
		if strings.Contains(string(out), "incompatible with the purego build tag") {
			t.Skip("FIPS 140 mode is not there under the tag purego")
		}
		if err != nil || !strings.Contains(string(out), "--- PASS: TestFIPS") {
			t.Fatalf("with %s: %v\n%s", setting, err, out)
		}
		return
	}
	forEachSuite(t, func(t *testing.T, suite record.Suite) {
		client, server := pair(t, suite)
		if name := client.Kernel(); name != "std" {
			t.Fatalf("kernel %s", name)
		}
		if client.PrepareNext(100) {
			t.Fatal("keystream ahead")
		}
		if ev, _, err := server.Next(sealText(client, []byte("order"))); err != nil || string(ev.Data) != "order" {
			t.Fatalf("%q, %v", ev.Data, err)
		}
	})
}
