package dynamodbstore_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// lintConfig is what the tests read of the linter's configuration. The rules are
// kept as a node, for their order.
type lintConfig struct {
	Linters struct {
		Settings struct {
			Depguard struct {
				Rules yaml.Node `yaml:"rules"`
			} `yaml:"depguard"`
		} `yaml:"settings"`
	} `yaml:"linters"`
}

// ground are the packages of the module that all others may stand on.
var ground = []string{
	"internal/table", "internal/keys", "internal/pyrepr", "internal/randomname", "internal/filter", "internal/filter/experimentfilter",
	"internal/filter/loggedmodelfilter", "internal/filter/modelfilter", "internal/filter/runfilter",
}

// TestArrows: the packages of the engine import what the table in .golangci.yaml
// allows them, which is no more than they need, and nothing that stands below
// them in it.
func TestArrows(t *testing.T) {
	t.Parallel()
	imports := moduleImports(t)
	above := slices.Clone(ground)
	for _, rule := range arrowTable(t) {
		var allowed []string
		for _, pkg := range rule.allow {
			if p, ok := strings.CutPrefix(strings.TrimSuffix(pkg, "$"), module+"/"); ok {
				allowed = append(allowed, p)
			}
		}
		require.ElementsMatch(t, imports[rule.pkg], allowed, "imports of %s", rule.pkg)
		require.Subset(t, above, allowed, "%s imports what stands below it", rule.pkg)
		above = append(above, rule.pkg)
	}
	for pkg := range imports {
		engine := strings.Count(pkg, "/") == 1 && slices.Contains(imports[""], pkg)
		require.True(t, !engine || slices.Contains(above, pkg), "%s has no place in the table", pkg)
	}
}

type arrowRule struct {
	pkg   string
	allow []string
}

// arrowTable returns the rules that are named for a package, in their order.
func arrowTable(t *testing.T) []arrowRule {
	t.Helper()
	raw, err := os.ReadFile(".golangci.yaml")
	require.NoError(t, err)
	var cfg lintConfig
	require.NoError(t, yaml.Unmarshal(raw, &cfg))
	nodes := cfg.Linters.Settings.Depguard.Rules.Content
	var out []arrowRule
	for i := 0; i < len(nodes); i += 2 {
		var rule struct {
			Mode  string   `yaml:"list-mode"`
			Allow []string `yaml:"allow"`
		}
		require.NoError(t, nodes[i+1].Decode(&rule))
		if name := nodes[i].Value; rule.Mode == "strict" {
			out = append(out, arrowRule{name, rule.Allow})
		}
	}
	require.Greater(t, len(out), 20)
	return out
}

// moduleImports returns what the packages of the module import of it, tests
// apart; "" is the root.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	require.NoError(t, err)
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(words[0], module), "/")
		for _, w := range words[1:] {
			if p, ok := strings.CutPrefix(w, module+"/"); ok {
				imports[pkg] = append(imports[pkg], p)
			}
		}
	}
	return imports
}
