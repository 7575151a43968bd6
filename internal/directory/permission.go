package directory

import (
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// Ids of permissions, of the roles that show what single users were granted, and of
// assignments are made of those of roles and users. Stored by clients, must not change.
const (
	hiddenRoles      = 1 << 36 // ids of roles below are those of roles that were made
	permissionBits   = 16
	directPermission = 1 << 52 // ids of permissions below are those of roles
)

// PermissionID is the id of the n-th permission of a role.
func PermissionID(role int64, n int) int64 { return role<<permissionBits | int64(n) }

// HiddenRole is the id of the role that shows what a user was granted, and its name. It
// is the same in all workspaces.
func HiddenRole(user int64) (id int64, name string) {
	return hiddenRoles | user, hiddenPrefix + strconv.FormatInt(user, 10) + "__"
}

// UserOfRole returns the user whose grants a role shows; ok is false for a role that was
// made.
func UserOfRole(id int64) (user int64, ok bool) {
	return id &^ hiddenRoles, id&hiddenRoles != 0 && id < hiddenRoles<<1
}

// GrantID is the id of a grant, as a permission of the role that shows it. Two grants of
// a user may have the same one, which then stands for neither.
func GrantID(user int64, typ, pattern string) int64 {
	n, _ := strconv.ParseUint(keys.Hash(typ, pattern)[:8], 16, 32) // 32 bits
	return directPermission | user<<userBits | int64(n>>(32-userBits))
}

// userOfGrant returns the user whose grant has an id; ok is false for a permission of a
// role that was made.
func userOfGrant(id int64) (user int64, ok bool) {
	return id &^ directPermission >> userBits, id&directPermission != 0 && id < directPermission<<1
}

// AssignmentID is the id of the assignment of a role to a user.
func AssignmentID(role, user int64) int64 { return role<<userBits | user }

// Permission is one permission of a role.
type Permission struct {
	N       int // among those that the role ever had
	Type    string
	Pattern string
	Level   string
}

const (
	maxPermissions     = 1000
	maxPermissionBytes = 128 << 10
	// permissionsFormat begins packed permissions. Stored, must not change.
	permissionsFormat = 1
)

var errPacked = errors.New("directory: malformed permissions")

// packPermissions writes permissions as bytes: the format, then for each its number and
// the lengths and contents of its texts.
func packPermissions(list []Permission) string {
	b := []byte{permissionsFormat}
	for i := range list {
		p := &list[i]
		b = binary.AppendUvarint(b, uint64(p.N))
		for _, text := range [...]string{p.Type, p.Pattern, p.Level} {
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
	}
	return string(b)
}

// unpackPermissions is the inverse of packPermissions.
func unpackPermissions(packed string) ([]Permission, error) {
	if packed == "" || packed[0] != permissionsFormat {
		return nil, errPacked
	}
	var list []Permission
	for b := []byte(packed[1:]); len(b) > 0; {
		n, size := binary.Uvarint(b)
		if size <= 0 || n >= 1<<permissionBits {
			return nil, errPacked
		}
		b = b[size:]
		p := Permission{N: int(n)}
		for _, text := range [...]*string{&p.Type, &p.Pattern, &p.Level} {
			size, head := binary.Uvarint(b)
			if head <= 0 || size > uint64(len(b)-head) {
				return nil, errPacked
			}
			*text, b = string(b[head:head+int(size)]), b[head+int(size):]
		}
		list = append(list, p)
	}
	return list, nil
}
