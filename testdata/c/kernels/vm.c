/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/vm.wasm vm.c */

/* A stack machine that counts down from n: a switch for every instruction. */
enum { PUSH, ADD, SUB, MUL, DUP, SWAP, OVER, AND, XOR, SHR, LOAD, STORE, JNZ, HALT };

static const signed char program[] = {
	LOAD, 0, PUSH, 7, MUL, LOAD, 1, ADD, PUSH, 3, XOR, STORE, 1,
	LOAD, 1, DUP, PUSH, 5, SHR, OVER, AND, SWAP, SUB, STORE, 2,
	LOAD, 0, PUSH, 1, SUB, DUP, STORE, 0, JNZ, 0, HALT,
};

int run(int n)
{
	int vars[3] = { n, 0, 0 }, stack[16], *sp = stack;
	for (const signed char *pc = program;;) {
		switch (*pc++) {
		case PUSH: *sp++ = *pc++; break;
		case ADD: sp--; sp[-1] += *sp; break;
		case SUB: sp--; sp[-1] -= *sp; break;
		case MUL: sp--; sp[-1] *= *sp; break;
		case DUP: *sp = sp[-1]; sp++; break;
		case SWAP: sp[0] = sp[-1]; sp[-1] = sp[-2]; sp[-2] = sp[0]; break;
		case OVER: *sp = sp[-2]; sp++; break;
		case AND: sp--; sp[-1] &= *sp; break;
		case XOR: sp--; sp[-1] ^= *sp; break;
		case SHR: sp--; sp[-1] = (int)((unsigned)sp[-1] >> (*sp & 31)); break;
		case LOAD: *sp++ = vars[*pc++]; break;
		case STORE: vars[*pc++] = *--sp; break;
		case JNZ: pc = *--sp ? program + *pc : pc + 1; break;
		case HALT: return vars[1] ^ vars[2];
		}
	}
}
