package main

import (
	"context"
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// workspaceOptions are the handler's, if there are workspaces; deletions of some that
// were interrupted go on then. If there are none but the table has some in use, the
// server does not start: what is in them could not be reached, and who does not name
// a workspace any more would be answered from another one.
func (o *serverOptions) workspaceOptions(ctx context.Context, s *dynamodbstore.Store) ([]rest.Option, error) {
	ws := s.Workspaces()
	if o.enableWorkspaces {
		return []rest.Option{rest.WithWorkspaces(ws)}, ws.Resume(ctx)
	}
	for w, err := range ws.All(ctx) {
		if err != nil {
			return nil, unlessUnknown(err) // a server that is fenced has no business there
		}
		if w.Name == dynamodbstore.DefaultWorkspace {
			continue
		}
		in, err := ws.Open(ctx, w.Name)
		if err != nil {
			return nil, err
		}
		if used, err := isUsed(ctx, in); err != nil {
			return nil, err
		} else if used {
			return nil, fmt.Errorf("there are experiments or models in the workspace %s, but workspaces are off: start the server "+
				"with --enable-workspaces, or delete the workspace", w.Name)
		}
	}
	return nil, nil
}
