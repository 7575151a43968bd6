// Package registry keeps registered models, their versions, stages and aliases. A
// model is one document; each change of a version changes it too, so that no two
// versions get one number and no name is taken twice. It finds models and versions.
package registry
