/* stb_image, a decoder for PNG, JPEG and others in one header (Debian:
 * libstb-dev). Files come from memory and errors are texts.
 *
 * Both builds are made by the example itself, with "wasmffi build".
 */
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_NO_THREAD_LOCALS
#include <stb/stb_image.h>
