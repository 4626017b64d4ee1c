/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ELF headers against the file's size. Any thread.
 */
#include "core/plugin/elf-check.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Our own ELF header, made by the linker: what fits us is what looks like us. */
extern const ElfW (Ehdr) __ehdr_start __attribute__ ((visibility ("hidden")));

static gboolean
read_at (int fd, void *buffer, gsize len, guint64 offset)
{
  gsize done = 0;

  while (done < len)
    {
      ssize_t got = pread (fd, (char *)buffer + done, len - done, (off_t)(offset + done));

      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return FALSE;
      done += (gsize)got;
    }
  return TRUE;
}

static gboolean
fits (guint64 offset, guint64 len, guint64 size)
{
  return offset <= size && len <= size - offset;
}

static gboolean
check_segments (int fd, const ElfW (Ehdr) * header, guint64 size)
{
  gsize len = (gsize)header->e_phnum * sizeof (ElfW (Phdr));
  g_autofree ElfW (Phdr) *segments = NULL;
  gboolean loads = FALSE, dynamic = FALSE;

  if (header->e_phentsize != sizeof (ElfW (Phdr)) || header->e_phnum == 0 || !fits (header->e_phoff, len, size))
    return FALSE;
  segments = g_malloc (len);
  if (!read_at (fd, segments, len, header->e_phoff))
    return FALSE;
  for (guint i = 0; i < header->e_phnum; i++)
    {
      if (segments[i].p_type == PT_NULL || segments[i].p_filesz == 0)
        continue;
      if (!fits (segments[i].p_offset, segments[i].p_filesz, size))
        return FALSE;
      loads |= segments[i].p_type == PT_LOAD;
      dynamic |= segments[i].p_type == PT_DYNAMIC;
    }
  return loads && dynamic;
}

/* The section table is the last thing in the file, so looking at it finds every cut, and a tail of zeros. */
static gboolean
check_sections (int fd, const ElfW (Ehdr) * header, guint64 size)
{
  gsize len = (gsize)header->e_shnum * sizeof (ElfW (Shdr));
  g_autofree ElfW (Shdr) *sections = NULL;

  if (header->e_shoff == 0)
    return TRUE;
  if (header->e_shentsize != sizeof (ElfW (Shdr)) || !fits (header->e_shoff, len, size))
    return FALSE;
  sections = g_malloc (MAX (len, 1));
  if (!read_at (fd, sections, len, header->e_shoff))
    return FALSE;
  for (guint i = 0; i < header->e_shnum; i++)
    if (sections[i].sh_type != SHT_NOBITS && !fits (sections[i].sh_offset, sections[i].sh_size, size))
      return FALSE;
  return header->e_shnum == 0
         || (header->e_shstrndx < header->e_shnum && sections[header->e_shstrndx].sh_type == SHT_STRTAB);
}

gboolean
uc_elf_check (int fd, const char **why, const char **remedy)
{
  ElfW (Ehdr) header;
  struct stat st;

  *remedy = "install the file again";
  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    *why = "is not a regular file";
  else if (st.st_size == 0)
    *why = "is empty";
  else if (!read_at (fd, &header, MIN (sizeof header, (gsize)st.st_size), 0)
           || memcmp (header.e_ident, ELFMAG, MIN (SELFMAG, (gsize)st.st_size)) != 0)
    {
      *why = "is not a shared object";
      *remedy = "a plugin is a compiled .so file; remove this one from the folder";
    }
  else if ((gsize)st.st_size < sizeof header)
    *why = "is cut off";
  else if (header.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS]
           || header.e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA]
           || header.e_machine != __ehdr_start.e_machine)
    {
      *why = "is made for another kind of processor";
      *remedy = "build or install it for this one";
    }
  else if (header.e_type != ET_DYN)
    {
      *why = "is not a shared object (but an object file, an archive member or a program)";
      *remedy = "link it with -shared";
    }
  else if (!check_segments (fd, &header, (guint64)st.st_size)
           || !check_sections (fd, &header, (guint64)st.st_size))
    *why = "is cut off or damaged";
  else
    return TRUE;
  return FALSE;
}
