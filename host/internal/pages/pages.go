// Package pages tells the system how memory is going to be used.
package pages
