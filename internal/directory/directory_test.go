package directory_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/directory"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

// clock stands still.
var clock = time.UnixMilli(1700000000000)

func now() time.Time { return clock }

// world is a table with servers on it, each with copies of its own.
type world struct {
	inner table.Table
}

func memory(t *testing.T) *world {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{Clock: now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	return newWorld(t, tab)
}

// newWorld returns a table with the workspace "team".
func newWorld(t *testing.T, tab table.Table) *world {
	t.Helper()
	w := &world{tab}
	w.setWorkspace(t, "g1", true)
	return w
}

// setWorkspace puts the workspace "team" into a generation.
func (w *world) setWorkspace(t *testing.T, gen string, live bool) {
	t.Helper()
	it := table.NewItem(keys.WorkspaceDocument("team"), table.Attr{Name: keys.Gen, Value: table.String(gen)})
	if live {
		it.Set(keys.Live, table.String(gen))
	} else {
		it.Set(keys.State, table.String(keys.StateDeleting))
	}
	require.NoError(t, w.inner.Put(t.Context(), table.Put{Item: it}))
}

// both runs a test on both tables.
func both(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, memory(t))
	})
	t.Run("DynamoDB", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: now})))
	})
}

// server is a program on a table.
type server struct {
	*directory.Store
	table *faulty.Table
	own   *directory.Rights // in the default workspace
	team  *directory.Rights
}

func (w *world) server(t *testing.T) *server { return w.serverOf(t, "g1") }

// serverOf returns a server that knows a generation of the workspace "team".
func (w *world) serverOf(t *testing.T, gen string) *server {
	t.Helper()
	tab := faulty.Wrap(w.inner, nil)
	shared, err := directory.NewShared()
	require.NoError(t, err)
	defaults := workspace.Defaults()
	defaults.Clock = now
	v := defaults.Of(tab)
	team, err := v.In("team")
	require.NoError(t, err)
	team.Live = gen
	s := directory.New(v, shared)
	return &server{s, tab, s.In(v), s.In(team)}
}

// in returns the rights in the default workspace, or in "team".
func (s *server) in(name string) *directory.Rights {
	if name == "team" {
		return s.team
	}
	return s.own
}

func (s *server) mustCreate(t *testing.T, name string) *directory.User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), directory.NewUser{Name: name, Credentials: &directory.Credentials{Hash: "h-" + name}})
	require.NoError(t, err)
	return u
}

func (s *server) mustRole(t *testing.T, in, name string) *directory.Role {
	t.Helper()
	r, err := s.in(in).CreateRole(t.Context(), name, nil)
	require.NoError(t, err)
	return r
}

func requireError(t *testing.T, err error, code mlflow.Code, text string) {
	t.Helper()
	e, ok := errors.AsType[*mlflow.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, e.Code)
	require.Equal(t, text, e.Message)
}

// list returns what an iteration yields.
func list[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for v, err := range seq {
		require.NoError(t, err)
		all = append(all, v)
	}
	return all
}

func names(t *testing.T, s *server) []string {
	t.Helper()
	var all []string
	for _, u := range list(t, s.Users(t.Context())) {
		all = append(all, u.Name)
	}
	return all
}

// count returns the counts of both epochs of a workspace.
func count(t *testing.T, r *directory.Rights) (users, rights int64) {
	t.Helper()
	e, err := r.Epochs(t.Context())
	require.NoError(t, err)
	return e.Users.Number(), e.Rights.Number()
}

func (w *world) items(t *testing.T) []table.Item {
	t.Helper()
	var all []table.Item
	for it, err := range table.ScanItems(t.Context(), w.inner, table.Scan{}) {
		require.NoError(t, err)
		all = append(all, it)
	}
	return all
}

// kinds counts the items of each kind.
func (w *world) kinds(t *testing.T) map[keys.Kind]int {
	t.Helper()
	n := map[keys.Kind]int{}
	for _, it := range w.items(t) {
		n[keys.Classify(it.Key).Kind]++
	}
	return n
}

// requireConsistent: every row has what it is about, and its counterpart.
func (w *world) requireConsistent(t *testing.T) {
	t.Helper()
	at := map[table.Key]table.Item{}
	for _, it := range w.items(t) {
		at[it.Key] = it
	}
	for _, it := range at {
		for _, other := range counterparts(it) {
			_, ok := at[other]
			require.True(t, ok, "%q %q without %q %q", it.Key.PK, it.Key.SK, other.PK, other.SK)
		}
		switch c := keys.Classify(it.Key); c.Kind {
		case keys.KindGrant:
			twin := at[aclOf(it.Key).GrantTo(it.Str(keys.Type), it.Str(keys.Pattern), it.Num(keys.User))]
			require.Equal(t, it.Str(keys.Level), twin.Str(keys.Level))
		case keys.KindUserRow:
			require.Zero(t, it.Num(keys.Gone))
		case keys.KindGoneRole, keys.KindOther:
			t.Fatalf("left: %q %q", it.Key.PK, it.Key.SK)
		default:
		}
	}
}

// aclOf returns the key space of an item of a workspace.
func aclOf(k table.Key) keys.ACL {
	_, gen, _ := strings.Cut(k.PK, "#ACL#")
	gen, _, _ = strings.Cut(gen, "#")
	return keys.Workspace(keys.Classify(k).Workspace).ACL(gen)
}

// counterparts are the items that have to be there because an item is.
func counterparts(it table.Item) []table.Key {
	user := it.Num(keys.User)
	acl := aclOf(it.Key)
	switch keys.Classify(it.Key).Kind {
	case keys.KindUser:
		return []table.Key{keys.UserName(it.Str(keys.Name)), keys.UserRow(user)}
	case keys.KindUserName, keys.KindUserRow, keys.KindToken:
		return []table.Key{keys.UserDocument(user)}
	case keys.KindCredentials:
		return []table.Key{{PK: strings.Replace(it.Key.PK, "#C#", "#U#", 1), SK: keys.Meta}}
	case keys.KindRole:
		return []table.Key{acl.RoleName(it.Str(keys.Name))}
	case keys.KindRoleName:
		return []table.Key{acl.Role(it.Num(keys.RoleID))}
	case keys.KindAssignment:
		role, user, _ := keys.ParseAssignment(it.Key.SK)
		return []table.Key{acl.Role(role), acl.UserRoles(user), keys.UserDocument(user)}
	case keys.KindUserRoles:
		var id int64
		_, _ = fmt.Sscan(keys.Classify(it.Key).User, &id)
		all := []table.Key{keys.UserDocument(id)}
		for _, role := range directory.RolesIn(it) {
			all = append(all, acl.Assignment(role, id))
		}
		return all
	case keys.KindGrant:
		return []table.Key{acl.GrantTo(it.Str(keys.Type), it.Str(keys.Pattern), user), keys.UserDocument(user)}
	case keys.KindGrantTo:
		return []table.Key{acl.Grant(user, it.Str(keys.Type), it.Str(keys.Pattern)), keys.UserDocument(user)}
	default:
		return nil
	}
}

// cost returns what a call has cost.
func cost(t *testing.T, call func(ctx context.Context) error) table.Units {
	t.Helper()
	var m table.Meter
	require.NoError(t, call(table.WithMeter(t.Context(), &m)))
	return m.Units()
}
