package directory_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/directory"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TestBudgets: what calls cost, on a server that has made a change before.
func TestBudgets(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s := w.server(t)
		bob, ann := s.mustCreate(t, "bob"), s.mustCreate(t, "ann")
		role := s.mustRole(t, "team", "r")
		require.NoError(t, s.team.Grant(t.Context(), bob, "run", "*", "READ"))
		digest := strings.Repeat("d", 32)
		token, err := s.CreateToken(t.Context(), directory.Token{User: bob.ID, Digest: digest})
		require.NoError(t, err)
		require.NoError(t, s.own.DeleteResource(t.Context(), "x", "1"))
		_, err = s.own.CreateRole(t.Context(), "first", nil)
		require.NoError(t, err)
		for _, tc := range []struct {
			name string
			want table.Units
			call func(ctx context.Context) error
		}{
			{"create user", table.Units{Requests: 3, Read: 1, Write: 11}, func(ctx context.Context) error {
				_, err := s.CreateUser(ctx, directory.NewUser{Name: "eve", Credentials: &directory.Credentials{Hash: "h"}})
				return err
			}},
			{"login", table.Units{Requests: 2, Read: 3}, func(ctx context.Context) error {
				_, _, err := s.Login(ctx, "bob")
				return err
			}},
			{"set admin", table.Units{Requests: 2, Read: 1, Write: 6}, func(ctx context.Context) error {
				_, err := s.SetAdmin(ctx, ann.ID, true)
				return err
			}},
			{"set credentials", table.Units{Requests: 2, Read: 1, Write: 6}, func(ctx context.Context) error {
				return s.SetCredentials(ctx, bob.ID, directory.Credentials{Hash: "x"})
			}},
			{"create token", table.Units{Requests: 2, Read: 1, Write: 6}, func(ctx context.Context) error {
				_, err := s.CreateToken(ctx, directory.Token{User: bob.ID, Digest: digest})
				return err
			}},
			{"find token", table.Units{Requests: 1, Read: 2}, func(ctx context.Context) error {
				_, _, _, err := s.FindToken(ctx, token.ID)
				return err
			}},
			{"revoke token", table.Units{Requests: 1, Write: 4}, func(ctx context.Context) error { return s.RevokeToken(ctx, token.ID) }},
			{"create role", table.Units{Requests: 4, Read: 2, Write: 7}, func(ctx context.Context) error {
				_, err := s.own.CreateRole(ctx, "q", nil)
				return err
			}},
			{"add permission", table.Units{Requests: 2, Read: 1, Write: 6}, func(ctx context.Context) error {
				_, err := s.team.AddPermission(ctx, role.ID, "experiment", "*", "READ")
				return err
			}},
			{"assign", table.Units{Requests: 2, Read: 1, Write: 12}, func(ctx context.Context) error { return s.team.Assign(ctx, bob.ID, role.ID) }},
			{"unassign", table.Units{Requests: 2, Read: 1, Write: 8}, func(ctx context.Context) error { return s.team.Unassign(ctx, bob.ID, role.ID) }},
			{"first grant in a workspace", table.Units{Requests: 2, Write: 11}, func(ctx context.Context) error {
				return s.team.Grant(ctx, ann, "experiment", "7", "READ")
			}},
			{"grant", table.Units{Requests: 1, Write: 10}, func(ctx context.Context) error {
				return s.team.Grant(ctx, bob, "experiment", "7", "READ")
			}},
			{"set grant", table.Units{Requests: 1, Write: 8}, func(ctx context.Context) error {
				return s.team.SetGrant(ctx, bob, "experiment", "7", "EDIT")
			}},
			{"revoke", table.Units{Requests: 1, Write: 8}, func(ctx context.Context) error { return s.team.Revoke(ctx, bob, "experiment", "7") }},
			{"grant without workspaces", table.Units{Requests: 1, Write: 8}, func(ctx context.Context) error {
				return s.own.Grant(ctx, bob, "experiment", "7", "READ")
			}},
			{"revoke without workspaces", table.Units{Requests: 1, Write: 6}, func(ctx context.Context) error {
				return s.own.Revoke(ctx, bob, "experiment", "7")
			}},
			{"grant of a creator", table.Units{Requests: 1, Write: 4}, func(ctx context.Context) error {
				return w.inner.Transact(ctx, "t", s.own.GrantOps(bob.ID, "experiment", "8", "MANAGE")...)
			}},
			{"delete resource", table.Units{Requests: 2, Read: 1, Write: 6}, func(ctx context.Context) error {
				return s.own.DeleteResource(ctx, "experiment", "8")
			}},
			{"delete resource without grants", table.Units{Requests: 1}, func(ctx context.Context) error {
				return s.own.DeleteResource(ctx, "experiment", "9")
			}},
			{"look for a grant", table.Units{Requests: 1, Read: 1}, func(ctx context.Context) error {
				_, _, err := s.own.GrantOn(ctx, bob.ID, "experiment", "8")
				return err
			}},
			{"epochs", table.Units{Requests: 1, Read: 2}, func(ctx context.Context) error {
				_, err := s.team.Epochs(ctx)
				return err
			}},
		} {
			u := cost(t, tc.call)
			t.Logf("%-35s %v", tc.name, u)
			require.Equal(t, tc.want, u, tc.name)
		}
	})
}

// TestSnapshotBudget: all that decides for a user with 20 roles, and what epochs cost
// when they are full.
func TestSnapshotBudget(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, ctx := w.server(t), t.Context()
		bob := s.mustCreate(t, "bob")
		for n := range 20 {
			role := s.mustRole(t, "team", fmt.Sprint("role-", n))
			_, err := s.team.AddPermission(ctx, role.ID, "registered_model", "*", "READ")
			require.NoError(t, err)
			require.NoError(t, s.team.Assign(ctx, bob.ID, role.ID))
		}
		for n := range 10 {
			require.NoError(t, s.team.Grant(ctx, bob, "experiment", fmt.Sprint(n), "MANAGE"))
		}
		u := cost(t, func(ctx context.Context) error {
			snap, err := s.team.Snapshot(ctx, bob.ID, nil, nil)
			require.Len(t, snap.Roles, 20)
			require.Len(t, snap.Grants, 10)
			return err
		})
		require.LessOrEqual(t, u.Requests, int64(3))
		require.LessOrEqual(t, u.Read, 4.0)
		t.Logf("snapshot %v", u)
		_, rights := count(t, s.team)
		require.Greater(t, rights, int64(64))
		u = cost(t, func(ctx context.Context) error { return s.team.Grant(ctx, bob, "experiment", "x", "READ") })
		require.Equal(t, table.Units{Requests: 1, Write: 10}, u, "with a full epoch")
	})
}
