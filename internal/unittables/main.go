// Command unittables writes the tables of what operations cost into the
// documents, from testdata/units.json, which the budget tests hold to be what
// they measure. It runs in the directory of the module.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// units of one operation; some are averages.
type units struct {
	Requests float64 `json:"requests"`
	Read     float64 `json:"rcu"`
	Write    float64 `json:"wcu"`
}

// chosen are the operations that doc.go and the README show.
func chosen() []string {
	return []string{
		"create_run with 5 tags",
		"log one metric point",
		"log_batch, 20 keys x 1 step",
		"log_batch, 10 keys x 10 steps",
		"log_batch, 1,000 points of one key",
		"log_batch, 50 params",
		"log one point to a run with 2,000 metric keys",
		"end a run of 10 metrics and 10 params",
		"whole run: 5 tags, 10 metrics, 10 params",
		"get_run",
		"search, first page of 100 finished runs",
		"set_tag on a finished run",
		"delete_run, 300 points of history",
		"restore_run",
		"delete_experiment",
		"create_registered_model with 2 tags",
		"create_model_version of 20 others, 3 stages",
		"get_model_version_by_alias",
		"search_registered_models, page of 100",
		"create_logged_model",
		"search_logged_models, page of 50",
	}
}

// place is a table in a file: the lines between two others.
type place struct {
	file, begin, end string
	operations       []string // nil: all, sorted
	row              func(name string, u units) string
}

func places() []place {
	markdown := func(name string, u units) string {
		return fmt.Sprintf("| %s | %s | %s | %s |\n", name, number(u.Requests), number(u.Read), number(u.Write))
	}
	const head, end = "| operation | requests | RCU | WCU |\n|---|--:|--:|--:|\n", "\n"
	return []place{
		{"README.md", head, end, chosen(), markdown},
		{"docs/benchmarks.md", head, end, nil, markdown},
		{
			"doc.go", "//\toperation                                       requests   RCU   WCU\n", "//\n", chosen(),
			func(name string, u units) string {
				return fmt.Sprintf("//\t%-47s %8s %5s %5s\n", name, number(u.Requests), number(u.Read), number(u.Write))
			},
		},
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func main() {
	if err := run(); err != nil {
		slog.Error("tables of units", slog.Any("error", err)) //nolint:sloglint // a command of its own
		os.Exit(1)
	}
}

func run() error {
	content, err := os.ReadFile("testdata/units.json")
	if err != nil {
		return fmt.Errorf("read units: %w", err)
	}
	measured := map[string]units{}
	if err := json.Unmarshal(content, &measured); err != nil {
		return fmt.Errorf("read units: %w", err)
	}
	errs := make([]error, 0, len(places()))
	for _, p := range places() {
		errs = append(errs, p.write(measured))
	}
	return errors.Join(errs...)
}

// write replaces the rows of a table.
func (p place) write(measured map[string]units) error {
	content, err := os.ReadFile(p.file)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	before, rest, found := strings.Cut(string(content), p.begin)
	i := strings.Index(rest, "\n"+p.end)
	if !found || i < 0 {
		return fmt.Errorf("%s has no table of units", p.file)
	}
	operations := p.operations
	if operations == nil {
		operations = slices.Sorted(maps.Keys(measured))
	}
	var rows strings.Builder
	for _, name := range operations {
		u, ok := measured[name]
		if !ok {
			return fmt.Errorf("%s: no test measures %q", p.file, name)
		}
		rows.WriteString(p.row(name, u))
	}
	text := before + p.begin + rows.String() + rest[i+1:]
	if err := os.WriteFile(p.file, []byte(text), 0o644); err != nil { //nolint:gosec // a document
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}
