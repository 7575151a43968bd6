package directory

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store keeps the users of a table.
type Store struct {
	*workspace.View
	*Shared
	epoch ledger
}

// Shared is what the Stores of a table have in common.
type Shared struct {
	epochs  *lru.Cache[table.Key, *Epoch]
	members *lru.Cache[table.Key, struct{}] // that are known to be there
}

const (
	knownEpochs  = 1024
	knownMembers = 16384
)

// NewShared returns what Stores share.
func NewShared() (*Shared, error) {
	epochs, err := lru.New[table.Key, *Epoch](knownEpochs)
	if err != nil {
		return nil, err
	}
	members, err := lru.New[table.Key, struct{}](knownMembers)
	return &Shared{epochs, members}, err
}

// New returns the Store of the users of a table. v is a view of any of its
// workspaces.
func New(v *workspace.View, shared *Shared) *Store {
	return &Store{View: v, Shared: shared, epoch: ledger{v, shared, keys.Epoch(), nil}}
}

// Rights keeps the roles, assignments and grants of one workspace.
type Rights struct {
	*workspace.View
	*Shared
	acl   keys.ACL
	epoch ledger
}

// In returns what keeps the rights in a workspace.
func (s *Store) In(v *workspace.View) *Rights {
	acl := v.Keys.ACL(v.Live)
	return &Rights{View: v, Shared: s.Shared, acl: acl, epoch: ledger{v, s.Shared, acl.Epoch(), v.CheckLive()}}
}
