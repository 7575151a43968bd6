package access_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// recording is what testdata/record.py got from a server of MLflow.
type recording struct {
	Default   string
	Workspace string
	Users     []struct {
		Grants []string // such as "experiment 1 READ directly"
		May    []string // such as "runs/get 1"
	}
}

// rules are those of the endpoints that were tried, on an experiment or a model.
var rules = map[string]func(id string) []Requirement{
	"experiments/get":                func(e string) []Requirement { return []Requirement{Read(Experiment).ID(e)} },
	"experiments/set-experiment-tag": func(e string) []Requirement { return []Requirement{Update(Experiment).ID(e)} },
	"experiments/restore": func(e string) []Requirement {
		return []Requirement{
			Delete(Experiment).ID(e), Delete(Run).Of(e), Delete(Trace).Of(e), Delete(LoggedModel).Of(e), Delete(Assessment).Of(e),
			Delete(ReviewQueue).Of(e), Delete(Scorer).Else(Delete(Experiment).ID(e)), Delete(ScorerVersion).Else(Delete(Experiment).ID(e)),
		}
	},
	"runs/get":    func(e string) []Requirement { return ToRead(Run, Ref{ID: e}) },
	"runs/create": func(e string) []Requirement { return []Requirement{Update(Experiment).ID(e), NotDenied(Run)} },
	"runs/set-tag": func(e string) []Requirement {
		return []Requirement{Read(Experiment).ID(e), Update(Run).Of(e)}
	},
	"runs/restore": func(e string) []Requirement {
		return []Requirement{Read(Experiment).ID(e), Delete(Run).Of(e)}
	},
	"logged-models/get": func(e string) []Requirement { return ToRead(LoggedModel, Ref{ID: e}) },
	"logged-models/tags": func(e string) []Requirement {
		return []Requirement{Read(Experiment).ID(e), Update(LoggedModel).Of(e)}
	},
	"traces/delete-traces": func(e string) []Requirement {
		return []Requirement{Read(Experiment).ID(e), Delete(Trace).Of(e), Delete(Assessment).Else(Update(Experiment).ID(e))}
	},
	"registered-models/get":     func(m string) []Requirement { return ToRead(RegisteredModel, Ref{m, m}) },
	"registered-models/set-tag": func(m string) []Requirement { return []Requirement{Update(RegisteredModel).Named(m, m)} },
	"model-versions/get":        func(m string) []Requirement { return ToRead(RegisteredModelVersion, Ref{m, m}) },
	"model-versions/set-tag": func(m string) []Requirement {
		return []Requirement{Read(RegisteredModel).Named(m, m), Update(RegisteredModelVersion).OfNamed(m, m)}
	},
	"experiments/create": func(string) []Requirement { return []Requirement{MayCreate(), NotDenied(Experiment)} },
	"registered-models/create": func(name string) []Requirement {
		return []Requirement{MayCreate(), NotDenied(RegisteredModel).New(name)}
	},
}

// TestRecorded: users may do what MLflow 3.18.0 let them do, and nothing else.
func TestRecorded(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			var rec recording
			require.NoError(t, json.Unmarshal(raw, &rec))
			def, err := ParseLevel(rec.Default)
			require.NoError(t, err)
			policy := Policy{Default: def}
			// The server was configured to open its default workspace.
			policy.Workspaces, policy.OpenDefault = rec.Workspace != "", rec.Workspace != ""
			workspace := rec.Workspace
			if workspace == "" {
				workspace = DefaultWorkspace
			}
			var may, mayNot int
			for _, u := range rec.Users {
				g := recorded(t, policy, workspace, u.Grants)
				for ask, rule := range asks() {
					allowed := !slices.ContainsFunc(rule, func(r Requirement) bool { return !g.Decide(user, r).Allowed })
					require.Equal(t, slices.Contains(u.May, ask), allowed, "%s by %q", ask, u.Grants)
					if allowed {
						may++
					} else {
						mayNot++
					}
				}
			}
			require.Greater(t, may, 50)
			require.Greater(t, mayNot, 50)
		})
	}
}

func asks() map[string][]Requirement {
	all := map[string][]Requirement{}
	for name, rule := range rules {
		ids := []string{"1", "2"}
		switch {
		case strings.HasSuffix(name, "s/create") && strings.HasPrefix(name, "exp"):
			all[name] = rule("")
			continue
		case name == "registered-models/create":
			ids = []string{"free"}
		case strings.HasPrefix(name, "registered-models/"), strings.HasPrefix(name, "model-versions/"):
			ids = []string{"m", "n"}
		}
		for _, id := range ids {
			all[name+" "+id] = rule(id)
		}
	}
	return all
}

// recorded makes a snapshot. The models' internal ids are their names.
func recorded(t *testing.T, policy Policy, workspace string, grants []string) *Grants {
	t.Helper()
	var rows lines
	for _, s := range grants {
		w := strings.Fields(s)
		if len(w) == 4 {
			w[0] = "=" + w[0]
		}
		rows = append(rows, [3]string(w[:3]))
	}
	return grantsIn(t, policy, workspace, rows...)
}
