/* One mutex, statically made, for both families of systems. */
#ifndef FILMRESTORE_LOCK_H
#define FILMRESTORE_LOCK_H

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
typedef SRWLOCK Lock;
#define LOCK_INIT SRWLOCK_INIT
static inline void lock_take(Lock *lock) { AcquireSRWLockExclusive(lock); }
static inline void lock_give(Lock *lock) { ReleaseSRWLockExclusive(lock); }
#else
#include <pthread.h>
typedef pthread_mutex_t Lock;
#define LOCK_INIT PTHREAD_MUTEX_INITIALIZER
static inline void lock_take(Lock *lock) { pthread_mutex_lock(lock); }
static inline void lock_give(Lock *lock) { pthread_mutex_unlock(lock); }
#endif

#endif
