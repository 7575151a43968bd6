package access_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access"
)

// team is a source of a service that has one team, whose members edit everything in
// the workspace of its name.
type team []string

func (t team) AllGrants(_ context.Context, p *access.Principal, workspace string) (*access.Grants, error) {
	h := access.Holding{User: p.ID, Workspace: workspace}
	for _, member := range t {
		if p.Name == member && workspace == "team" {
			h.Roles = []access.Role{{ID: 1, Name: "member", Grants: []access.Grant{
				{Type: access.Experiment, Pattern: access.Any, Level: access.LevelEdit},
			}}}
		}
	}
	return access.NewGrants(access.Policy{Workspaces: true}, h), nil
}

func (t team) Grants(ctx context.Context, p *access.Principal, workspace string, _ access.Requirement) (*access.Grants, error) {
	return t.AllGrants(ctx, p, workspace)
}

func (t team) Workspaces(context.Context, *access.Principal) ([]string, error) {
	return []string{"team"}, nil
}

// A service that knows its users decides by MLflow's model with grants of its own.
func ExampleByGrants() {
	ctx := context.Background()
	authorizer := access.ByGrants(team{"ada"})
	ada := &access.Principal{Name: "ada"}

	err := authorizer.Check(ctx, ada, "team", access.Read(access.Experiment).ID("5"), access.Update(access.Run).Of("5"))
	fmt.Println("log a metric:", err)

	err = authorizer.Check(ctx, ada, "team", access.Delete(access.Experiment).ID("5"))
	fmt.Println("delete the experiment:", err, errors.Is(err, access.ErrDenied))

	scope, err := authorizer.Scope(ctx, ada, "other", access.Run)
	fmt.Println("runs elsewhere:", scope, err)
	// Output:
	// log a metric: <nil>
	// delete the experiment: permission denied: delete experiment "5": refused: EDIT by role "member" on all of experiment true
	// runs elsewhere: none <nil>
}
